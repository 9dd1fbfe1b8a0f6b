{{ config(materialized='view') }}

select
    links.game_id,
    genres.genre_name
from {{ ref('bridge_game_genre') }} as links
inner join {{ ref('dim_genre') }} as genres on genres.genre_id = links.genre_id

union all

select
    game_id,
    'All' as genre_name
from {{ ref('dim_game') }}
