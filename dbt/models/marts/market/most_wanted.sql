with unreleased_games as (

    -- a game without a date counts as unreleased while nobody has played it
    select
        scores.game_id,
        scores.game_name,
        scores.release_date,
        scores.release_year,
        scores.release_status,
        measures.added_count,
        measures.to_play_count
    from {{ ref('game_scores') }} as scores
    inner join {{ ref('fct_games') }} as measures on measures.game_id = scores.game_id
    where measures.added_count > 0
        and (
            scores.release_status = 'upcoming'
            or (
                scores.release_status = 'undated'
                and coalesce(measures.playing_count, 0) + coalesce(measures.beaten_count, 0)
                    + coalesce(measures.dropped_count, 0) = 0
            )
        )

)

select
    games.game_id,
    games.game_name,
    games.release_date,
    games.release_year,
    games.release_status,
    row_number() over (
        order by games.to_play_count desc nulls last, games.added_count desc, games.game_id
    ) as wanted_rank,
    games.added_count,
    coalesce(games.to_play_count, 0) as to_play_count,
    {{ ratio('coalesce(games.to_play_count, 0)', 'games.added_count') }} as to_play_share,
    momentum.added_rise as added_week_rise,
    momentum.to_play_rise as to_play_week_rise,
    games.added_count < {{ var('minimum_ratings') }} as is_small_sample
from unreleased_games as games
left join {{ ref('game_momentum') }} as momentum
    on momentum.game_id = games.game_id
    and momentum.window_days = 7
