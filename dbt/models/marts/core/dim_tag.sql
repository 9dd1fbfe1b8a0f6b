with listed as (

    -- a list that moved while it was walked can hold a row twice
    select
        tag_id,
        tag_name,
        tag_slug,
        games_count as listed_games_count,
        language,
        is_english
    from {{ ref('stg_rawg__tags') }}
    where tag_id is not null
    qualify row_number() over (partition by tag_id order by load_id desc) = 1

),

used as (

    select distinct tag_id
    from {{ ref('bridge_game_tag') }}

)

select
    coalesce(listed.tag_id, used.tag_id) as tag_id,
    coalesce(listed.tag_name, 'Unlisted tag ' || cast(coalesce(listed.tag_id, used.tag_id) as varchar))
        as tag_name,
    listed.tag_slug,
    listed.listed_games_count,
    listed.language,
    coalesce(listed.is_english, false) as is_english,
    listed.tag_id is not null as is_listed
from listed
full outer join used on used.tag_id = listed.tag_id
