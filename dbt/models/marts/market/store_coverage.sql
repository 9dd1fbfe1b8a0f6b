with store_links as (

    select
        links.game_id,
        stores.store_name,
        count(*) over (partition by links.game_id) as stores_count
    from {{ ref('bridge_game_store') }} as links
    inner join {{ ref('dim_store') }} as stores on stores.store_id = links.store_id

),

released_games as (

    select game_id, release_year, added_count
    from {{ ref('game_scores') }}
    where release_status = 'released'
        and release_year >= {{ var('first_trend_year') }}

),

years as (

    select release_year, count(*) as games_count
    from released_games
    group by release_year

),

coverage as (

    select
        store_links.store_name,
        games.release_year,
        count(*) as games_count,
        {{ count_if_true('store_links.stores_count = 1') }} as exclusive_games_count,
        {{ sum_of('games.added_count') }} as added_count
    from released_games as games
    inner join store_links on store_links.game_id = games.game_id
    group by store_links.store_name, games.release_year

)

select
    coverage.store_name,
    coverage.release_year,
    coverage.games_count,
    {{ ratio('coverage.games_count', 'years.games_count') }} as games_share,
    coverage.exclusive_games_count,
    {{ ratio('coverage.exclusive_games_count', 'coverage.games_count') }} as exclusive_share,
    coverage.added_count,
    coverage.games_count < {{ var('minimum_group') }} as is_small_sample
from coverage
inner join years on years.release_year = coverage.release_year
