with releases as (

    select
        cast({{ dbt.date_trunc('month', 'release_date') }} as date) as release_month_date,
        game_id,
        game_name,
        release_status,
        added_count,
        is_hit,
        row_number() over (order by added_count desc nulls last, game_id) as popularity_rank
    from {{ ref('game_scores') }}
    where release_date is not null

),

cells as (

    select
        releases.release_month_date,
        families.platform_family,
        genres.genre_name,
        count(*) as games_count,
        {{ count_if_true("releases.release_status = 'upcoming'") }} as upcoming_games_count,
        {{ count_if_true('releases.is_hit') }} as hits_count,
        {{ sum_of('releases.added_count') }} as added_count,
        min(releases.popularity_rank) as best_popularity_rank
    from releases
    inner join {{ ref('int_games_by_platform_family') }} as families on families.game_id = releases.game_id
    inner join {{ ref('int_games_by_genre') }} as genres on genres.game_id = releases.game_id
    group by releases.release_month_date, families.platform_family, genres.genre_name

)

select
    cells.release_month_date,
    cells.platform_family,
    cells.genre_name,
    cells.games_count,
    cells.upcoming_games_count,
    cells.hits_count,
    cells.added_count,
    most_added.game_name as most_added_game_name
from cells
inner join releases as most_added on most_added.popularity_rank = cells.best_popularity_rank
