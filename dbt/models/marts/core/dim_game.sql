{{ config(
    materialized='incremental',
    incremental_strategy='replace_games',
    meta={'changes_with': 'stg_rawg__games'},
) }}

select
    game_id,
    game_slug,
    game_name,
    release_date,
    release_year,
    release_date_precision,
    is_release_date_placeholder,
    is_tba,
    esrb_rating_name,
    image_url,
    updated_at,
    loaded_at,
    load_id
from {{ ref('stg_rawg__games') }}
where {{ is_new_load() }}
