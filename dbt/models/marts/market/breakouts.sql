with recent_rises as (

    select
        momentum.*,
        scores.game_name,
        scores.release_date,
        scores.release_status
    from {{ ref('game_momentum') }} as momentum
    inner join {{ ref('game_scores') }} as scores on scores.game_id = momentum.game_id
    where momentum.added_rise > 0
        and {{ dbt.datediff('momentum.to_date', 'scores.as_of_date', 'day') }} <= momentum.window_days

)

select
    window_days,
    row_number() over (partition by window_days order by added_rise desc, game_id) as breakout_rank,
    game_id,
    game_name,
    release_date,
    release_status,
    to_added_count as added_count,
    added_rise,
    added_growth,
    to_play_rise,
    from_date,
    to_date,
    from_added_count < {{ var('minimum_players') }} as is_small_sample
from recent_rises
qualify breakout_rank <= {{ var('breakouts') }}
