-- RAWG's first invariant: the verdicts of a game add up to its reviews. More than a few games where they do not (RAWG
-- may count while we read) mean that verdicts were lost, or that RAWG changed what the numbers mean.
with verdicts as (

    select game_id, sum(ratings_count) as verdicts_count
    from {{ ref('fct_game_ratings') }}
    group by game_id

),

judged_games as (

    select games.game_id, games.reviews_count, verdicts.verdicts_count
    from {{ ref('fct_games') }} as games
    inner join verdicts on verdicts.game_id = games.game_id
    where games.reviews_count is not null

)

select *
from judged_games
where reviews_count <> verdicts_count
    and (
        select {{ ratio(count_if_true('reviews_count <> verdicts_count'), 'count(*)') }} from judged_games
    ) > {{ var('invariant_tolerance') }}
