{{ config(
    materialized='incremental',
    incremental_strategy='replace_games',
    meta={'changes_with': 'stg_rawg__game_details'},
) }}

with changed_games as (

    select game_id, load_id
    from {{ ref('stg_rawg__game_details') }}
    where {{ is_new_load(ref('stg_rawg__game_details')) }}

)

select distinct
    links.game_id,
    links.developer_id,
    changed_games.load_id
from changed_games
inner join {{ ref('stg_rawg__game_developers') }} as links on links.game_id = changed_games.game_id
where links.developer_id is not null
