with days as (

    {{ dbt.date_spine('day', date_literal(var('first_date')), dbt.dateadd('day', 1, date_literal(var('last_date')))) }}

),

calendar as (

    select cast(date_day as date) as calendar_date
    from days

)

select
    calendar_date,
    cast(extract(year from calendar_date) as bigint) as calendar_year,
    cast(extract(quarter from calendar_date) as bigint) as quarter_number,
    cast(extract(month from calendar_date) as bigint) as month_number,
    cast({{ dbt.date_trunc('month', 'calendar_date') }} as date) as month_start_date,
    -- 1949-12-26 was a Monday
    cast(mod({{ dbt.datediff("cast('1949-12-26' as date)", 'calendar_date', 'day') }}, 7) + 1 as bigint) as weekday_number,
    mod({{ dbt.datediff("cast('1949-12-26' as date)", 'calendar_date', 'day') }}, 7) >= 5 as is_weekend
from calendar
