{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key=['game_id', 'snapshot_date'],
    cluster_by=['snapshot_date'] if target.type == 'snowflake' else none,
) }}

select
    game_id,
    snapshot_date,
    rating,
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
    load_id
from {{ ref('stg_rawg__game_snapshots') }}
where {{ is_new_load(ref('stg_rawg__game_snapshots')) }}
