with listed as (

    -- a list that moved while it was walked can hold a row twice
    select
        platform_id,
        platform_name,
        platform_slug,
        first_year,
        last_year,
        games_count as listed_games_count
    from {{ ref('stg_rawg__platforms') }}
    where platform_id is not null
    qualify row_number() over (partition by platform_id order by load_id desc) = 1

),

families as (

    select
        members.platform_id,
        parents.parent_platform_id,
        parents.parent_platform_name
    from {{ ref('stg_rawg__parent_platform_platforms') }} as members
    inner join {{ ref('stg_rawg__parent_platforms') }} as parents on parents.row_key = members.parent_row_key
    qualify row_number() over (partition by members.platform_id order by parents.parent_platform_id) = 1

),

used as (

    select distinct platform_id
    from {{ ref('bridge_game_platform') }}

),

platforms as (

    select
        coalesce(listed.platform_id, used.platform_id) as platform_id,
        listed.platform_name,
        listed.platform_slug,
        listed.first_year,
        listed.last_year,
        listed.listed_games_count,
        listed.platform_id is not null as is_listed
    from listed
    full outer join used on used.platform_id = listed.platform_id

)

select
    platforms.platform_id,
    coalesce(platforms.platform_name, 'Unlisted platform ' || cast(platforms.platform_id as varchar)) as platform_name,
    platforms.platform_slug,
    families.parent_platform_id,
    coalesce(families.parent_platform_name, 'Other') as parent_platform_name,
    platforms.first_year,
    platforms.last_year,
    platforms.listed_games_count,
    platforms.is_listed
from platforms
left join families on families.platform_id = platforms.platform_id
