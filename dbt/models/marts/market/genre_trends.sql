{{ yearly_trend('genre', ref('bridge_game_genre')) }}
