{{ config(materialized='view') }}

with english_tags as (

    -- two tags can have the same name: the smaller id stands for both
    select
        tag_id,
        min(tag_id) over (partition by tag_name) as first_tag_id,
        count(*) over (partition by tag_name) as same_names_count
    from {{ ref('dim_tag') }}
    where is_english

)

select
    links.game_id,
    tags.first_tag_id as tag_id
from {{ ref('bridge_game_tag') }} as links
inner join english_tags as tags on tags.tag_id = links.tag_id
where tags.same_names_count = 1

union all

-- only here a game could count twice; most links by far need no such look
select distinct
    links.game_id,
    tags.first_tag_id as tag_id
from {{ ref('bridge_game_tag') }} as links
inner join english_tags as tags on tags.tag_id = links.tag_id
where tags.same_names_count > 1
