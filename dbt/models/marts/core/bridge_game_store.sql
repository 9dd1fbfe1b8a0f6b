{{ config(
    materialized='incremental',
    incremental_strategy='replace_games',
    meta={'changes_with': 'stg_rawg__games'},
) }}

with changed_games as (

    select game_id, load_id
    from {{ ref('stg_rawg__games') }}
    where {{ is_new_load(ref('stg_rawg__games')) }}

)

-- RAWG sometimes lists a link twice
select distinct
    links.game_id,
    links.store_id,
    changed_games.load_id
from changed_games
inner join {{ ref('stg_rawg__game_stores') }} as links
    on links.game_id = changed_games.game_id
    and links.load_id = changed_games.load_id
where links.store_id is not null
