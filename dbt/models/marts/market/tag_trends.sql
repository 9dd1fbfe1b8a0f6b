{{ yearly_trend('tag', ref('int_games_by_tag')) }}
