with known as (

    select
        publisher_id,
        publisher_name,
        publisher_slug,
        games_count,
        true as is_listed
    from {{ ref('stg_rawg__publishers') }}

    union all

    -- the page of a game names its publishers as well
    select
        publisher_id,
        publisher_name,
        publisher_slug,
        games_count,
        false as is_listed
    from {{ ref('stg_rawg__game_publishers') }}

)

select
    publisher_id,
    coalesce(publisher_name, 'Unlisted publisher ' || cast(publisher_id as varchar)) as publisher_name,
    publisher_slug,
    games_count as listed_games_count,
    is_listed
from known
where publisher_id is not null
qualify row_number() over (
    partition by publisher_id
    order by is_listed desc, games_count desc nulls last, publisher_name
) = 1
