{% snapshot dim_game_history %}

{{ config(
    unique_key='game_id',
    strategy='check',
    check_cols=['game_name', 'release_date', 'release_year', 'metacritic_score', 'esrb_rating_name'],
    updated_at='loaded_at',
) }}

select
    game_id,
    game_name,
    release_date,
    release_year,
    metacritic_score,
    esrb_rating_name,
    loaded_at
from {{ ref('stg_rawg__games') }}

{% endsnapshot %}
