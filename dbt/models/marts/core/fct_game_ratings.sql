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

-- a verdict listed twice is the same verdict
select
    verdicts.game_id,
    verdicts.rating_level,
    max(verdicts.rating_title) as rating_title,
    max(verdicts.ratings_count) as ratings_count,
    max(verdicts.ratings_percent) as ratings_percent,
    changed_games.load_id
from changed_games
inner join {{ ref('stg_rawg__game_ratings') }} as verdicts
    on verdicts.game_id = changed_games.game_id
    and verdicts.load_id = changed_games.load_id
where verdicts.rating_level is not null
group by verdicts.game_id, verdicts.rating_level, changed_games.load_id
