-- RAWG's second invariant: the statuses that players gave a game add up to `added`, where RAWG gives statuses at all.
with games_with_statuses as (

    select
        game_id,
        added_count,
        coalesce(not_played_count, 0) + coalesce(owned_count, 0) + coalesce(beaten_count, 0)
            + coalesce(to_play_count, 0) + coalesce(dropped_count, 0) + coalesce(playing_count, 0) as statuses_count
    from {{ ref('fct_games') }}
    where added_count is not null
        and coalesce(
            not_played_count, owned_count, beaten_count, to_play_count, dropped_count, playing_count
        ) is not null

)

select *
from games_with_statuses
where added_count <> statuses_count
    and (
        select {{ ratio(count_if_true('added_count <> statuses_count'), 'count(*)') }} from games_with_statuses
    ) > {{ var('invariant_tolerance') }}
