with known as (

    select
        developer_id,
        developer_name,
        developer_slug,
        games_count,
        true as is_listed
    from {{ ref('stg_rawg__developers') }}

    union all

    -- the page of a game names its developers as well
    select
        developer_id,
        developer_name,
        developer_slug,
        games_count,
        false as is_listed
    from {{ ref('stg_rawg__game_developers') }}

)

select
    developer_id,
    coalesce(developer_name, 'Unlisted developer ' || cast(developer_id as varchar)) as developer_name,
    developer_slug,
    games_count as listed_games_count,
    is_listed
from known
where developer_id is not null
qualify row_number() over (
    partition by developer_id
    order by is_listed desc, games_count desc nulls last, developer_name
) = 1
