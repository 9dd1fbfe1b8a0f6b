{{ config(materialized='view') }}

select distinct
    links.game_id,
    platforms.parent_platform_name as platform_family
from {{ ref('bridge_game_platform') }} as links
inner join {{ ref('dim_platform') }} as platforms on platforms.platform_id = links.platform_id

union all

select
    game_id,
    'All' as platform_family
from {{ ref('dim_game') }}
