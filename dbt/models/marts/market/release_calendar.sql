with releases as (

    select
        cast({{ dbt.date_trunc('month', 'release_date') }} as date) as release_month_date,
        game_id,
        game_name,
        release_status,
        added_count,
        is_hit
    from {{ ref('game_scores') }}
    where release_date is not null

),

ranked_releases as (

    select
        releases.*,
        families.platform_family,
        genres.genre_name,
        row_number() over (
            partition by releases.release_month_date, families.platform_family, genres.genre_name
            order by releases.added_count desc nulls last, releases.game_id
        ) as popularity_rank
    from releases
    inner join {{ ref('int_games_by_platform_family') }} as families on families.game_id = releases.game_id
    inner join {{ ref('int_games_by_genre') }} as genres on genres.game_id = releases.game_id

)

select
    release_month_date,
    platform_family,
    genre_name,
    count(*) as games_count,
    {{ count_if_true("release_status = 'upcoming'") }} as upcoming_games_count,
    {{ count_if_true('is_hit') }} as hits_count,
    {{ sum_of('added_count') }} as added_count,
    max(case when popularity_rank = 1 then game_name end) as most_added_game_name
from ranked_releases
group by release_month_date, platform_family, genre_name
