with windows as (

    select 7 as window_days
    union all
    select 28 as window_days

),

latest as (

    select *
    from {{ ref('fct_game_daily_snapshot') }}
    qualify row_number() over (partition by game_id order by snapshot_date desc) = 1

),

pairs as (

    -- a game is not seen every day: compare with the newest day that is far enough back, and not too far
    select
        latest.game_id,
        windows.window_days,
        earlier.snapshot_date as from_date,
        latest.snapshot_date as to_date,
        {{ dbt.datediff('earlier.snapshot_date', 'latest.snapshot_date', 'day') }} as days_between,
        earlier.added_count as from_added_count,
        latest.added_count as to_added_count,
        earlier.to_play_count as from_to_play_count,
        latest.to_play_count as to_to_play_count
    from latest
    cross join windows
    inner join {{ ref('fct_game_daily_snapshot') }} as earlier
        on earlier.game_id = latest.game_id
        and {{ dbt.datediff('earlier.snapshot_date', 'latest.snapshot_date', 'day') }}
            between windows.window_days and 2 * windows.window_days
    qualify row_number() over (
        partition by latest.game_id, windows.window_days
        order by earlier.snapshot_date desc
    ) = 1

)

select
    game_id,
    cast(window_days as bigint) as window_days,
    from_date,
    to_date,
    cast(days_between as bigint) as days_between,
    from_added_count,
    to_added_count,
    {{ ratio('(to_added_count - from_added_count) * window_days', 'days_between') }} as added_rise,
    {{ ratio('to_added_count - from_added_count', 'from_added_count') }} as added_growth,
    {{ ratio('(to_to_play_count - from_to_play_count) * window_days', 'days_between') }} as to_play_rise
from pairs
