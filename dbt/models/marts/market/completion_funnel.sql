with players as (

    select
        game_id,
        coalesce(not_played_count, 0) + coalesce(owned_count, 0) as idle_count,
        coalesce(playing_count, 0) as playing_count,
        coalesce(beaten_count, 0) as beaten_count,
        coalesce(dropped_count, 0) as dropped_count,
        coalesce(playing_count, 0) + coalesce(beaten_count, 0) + coalesce(dropped_count, 0) as started_count
    from {{ ref('fct_games') }}

),

funnels as (

    select
        genres.genre_name,
        {{ count_if_true('players.started_count > 0') }} as games_count,
        {{ sum_of('players.idle_count + players.started_count') }} as owners_count,
        {{ sum_of('players.started_count') }} as started_count,
        {{ sum_of('players.playing_count') }} as playing_count,
        {{ sum_of('players.beaten_count') }} as beaten_count,
        {{ sum_of('players.dropped_count') }} as dropped_count,
        {{ median_of(
            'case when players.started_count >= ' ~ var('minimum_ratings') ~ ' then '
            ~ ratio('players.beaten_count', 'players.started_count') ~ ' end'
        ) }} as median_beaten_rate
    from players
    inner join {{ ref('int_games_by_genre') }} as genres on genres.game_id = players.game_id
    group by genres.genre_name

)

select
    funnels.*,
    {{ ratio('started_count', 'owners_count') }} as started_rate,
    {{ ratio('playing_count', 'started_count') }} as playing_rate,
    {{ ratio('beaten_count', 'started_count') }} as beaten_rate,
    {{ ratio('dropped_count', 'started_count') }} as dropped_rate,
    started_count < {{ var('minimum_players') }} as is_small_sample
from funnels
