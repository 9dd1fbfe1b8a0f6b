{{ config(
    materialized='incremental',
    incremental_strategy='replace_games',
    meta={'changes_with': 'stg_rawg__games'},
) }}

with games as (

    select *
    from {{ ref('stg_rawg__games') }}
    where {{ is_new_load(ref('stg_rawg__games')) }}
    {%- if is_incremental() %}

    union

    -- a game leaves RAWG's lists without a load of its own; those that ever did are few
    select *
    from {{ ref('stg_rawg__games') }}
    where game_id in (select game_id from {{ ref('stg_rawg__unlisted_games') }})
    {%- endif %}

)

select
    games.game_id,
    games.game_slug,
    games.game_name,
    games.release_date,
    games.release_year,
    games.release_date_precision,
    games.is_release_date_placeholder,
    games.is_tba,
    games.esrb_rating_name,
    games.image_url,
    unlisted.game_id is null or coalesce(games.last_seen_at > unlisted.noticed_at, false) as is_listed,
    games.updated_at,
    games.loaded_at,
    games.load_id
from games
left join {{ ref('stg_rawg__unlisted_games') }} as unlisted on unlisted.game_id = games.game_id
