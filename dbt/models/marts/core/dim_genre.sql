with listed as (

    -- a list that moved while it was walked can hold a row twice
    select
        genre_id,
        genre_name,
        genre_slug,
        games_count as listed_games_count
    from {{ ref('stg_rawg__genres') }}
    where genre_id is not null
    qualify row_number() over (partition by genre_id order by load_id desc) = 1

),

used as (

    select distinct genre_id
    from {{ ref('bridge_game_genre') }}

)

select
    coalesce(listed.genre_id, used.genre_id) as genre_id,
    coalesce(listed.genre_name, 'Unlisted genre ' || cast(coalesce(listed.genre_id, used.genre_id) as varchar))
        as genre_name,
    listed.genre_slug,
    listed.listed_games_count,
    listed.genre_id is not null as is_listed
from listed
full outer join used on used.genre_id = listed.genre_id
