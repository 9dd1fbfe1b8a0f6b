with listed as (

    -- a list that moved while it was walked can hold a row twice
    select
        store_id,
        store_name,
        store_slug,
        games_count as listed_games_count,
        store_domain
    from {{ ref('stg_rawg__stores') }}
    where store_id is not null
    qualify row_number() over (partition by store_id order by load_id desc) = 1

),

used as (

    select distinct store_id
    from {{ ref('bridge_game_store') }}

)

select
    coalesce(listed.store_id, used.store_id) as store_id,
    coalesce(listed.store_name, 'Unlisted store ' || cast(coalesce(listed.store_id, used.store_id) as varchar))
        as store_name,
    listed.store_slug,
    listed.listed_games_count,
    listed.store_domain,
    listed.store_id is not null as is_listed
from listed
full outer join used on used.store_id = listed.store_id
