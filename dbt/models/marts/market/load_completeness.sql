with windows as (

    select *
    from {{ ref('stg_rawg__game_windows') }}

),

games_by_day as (

    select cast(updated_at as date) as updated_date, count(*) as games_count
    from {{ ref('dim_game') }}
    where updated_at is not null
    group by cast(updated_at as date)

),

accounted_for as (

    -- a game that RAWG changed after the walk has left the window; a day of grace covers time zones
    select
        windows.updated_from_date,
        windows.updated_to_date,
        {{ sum_of('games_by_day.games_count') }} as games_count
    from windows
    left join games_by_day
        on games_by_day.updated_date
            between {{ dbt.dateadd('day', -1, 'windows.updated_from_date') }}
            and {{ dbt.dateadd('day', 1, 'windows.updated_to_date') }}
        or games_by_day.updated_date >= {{ dbt.dateadd('day', -1, 'cast(windows.walked_at as date)') }}
    group by windows.updated_from_date, windows.updated_to_date

)

select
    windows.updated_from_date,
    windows.updated_to_date,
    windows.walked_at,
    windows.status,
    windows.reason,
    windows.expected_count,
    windows.seen_count,
    greatest(windows.expected_count - windows.seen_count, 0) as unseen_count,
    greatest(windows.seen_count - accounted_for.games_count, 0) as missing_count,
    windows.requests_count
from windows
inner join accounted_for
    on accounted_for.updated_from_date = windows.updated_from_date
    and accounted_for.updated_to_date = windows.updated_to_date
