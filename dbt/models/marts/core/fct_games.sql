{{ config(
    materialized='incremental',
    incremental_strategy='replace_games',
    meta={'changes_with': 'stg_rawg__games'},
) }}

select
    game_id,
    rating,
    rating_top,
    ratings_count,
    text_reviews_count,
    reviews_count,
    added_count,
    not_played_count,
    owned_count,
    beaten_count,
    to_play_count,
    dropped_count,
    playing_count,
    metacritic_score,
    playtime_hours,
    suggestions_count,
    loaded_at,
    load_id
from {{ ref('stg_rawg__games') }}
where {{ is_new_load(ref('stg_rawg__games')) }}
