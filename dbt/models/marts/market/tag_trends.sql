with tag_links as (

    -- two tags can have the same name
    select distinct links.game_id, tags.tag_name
    from {{ ref('bridge_game_tag') }} as links
    inner join {{ ref('dim_tag') }} as tags on tags.tag_id = links.tag_id
    where tags.is_english

),

{{ yearly_trend('tag_links', 'tag_name') }}
