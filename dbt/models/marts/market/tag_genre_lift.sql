with described_games as (

    -- games of which both a genre and a tag are known
    select game_id
    from {{ ref('dim_game') }}
    where game_id in (select game_id from {{ ref('bridge_game_genre') }})
        and game_id in (select game_id from {{ ref('int_games_by_tag') }})

),

genres as (

    select links.genre_id, count(*) as games_count
    from {{ ref('bridge_game_genre') }} as links
    inner join described_games on described_games.game_id = links.game_id
    group by links.genre_id

),

tags as (

    select links.tag_id, count(*) as games_count
    from {{ ref('int_games_by_tag') }} as links
    inner join described_games on described_games.game_id = links.game_id
    group by links.tag_id

),

pairs as (

    select genre_links.genre_id, tag_links.tag_id, count(*) as games_count
    from {{ ref('bridge_game_genre') }} as genre_links
    inner join {{ ref('int_games_by_tag') }} as tag_links on tag_links.game_id = genre_links.game_id
    group by genre_links.genre_id, tag_links.tag_id

),

catalogue as (

    select count(*) as games_count from described_games

),

shares as (

    select
        pairs.genre_id,
        pairs.tag_id,
        pairs.games_count,
        genres.games_count as genre_games_count,
        tags.games_count as tag_games_count,
        {{ ratio('pairs.games_count', 'genres.games_count') }} as tag_share_in_genre,
        {{ ratio('tags.games_count', 'catalogue.games_count') }} as tag_share
    from pairs
    inner join genres on genres.genre_id = pairs.genre_id
    inner join tags on tags.tag_id = pairs.tag_id
    cross join catalogue

)

select
    genre_names.genre_name,
    tag_names.tag_name,
    shares.games_count,
    shares.genre_games_count,
    shares.tag_games_count,
    shares.tag_share_in_genre,
    shares.tag_share,
    {{ ratio('shares.tag_share_in_genre', 'shares.tag_share') }} as lift,
    shares.games_count < {{ var('minimum_group') }} as is_small_sample
from shares
inner join {{ ref('dim_genre') }} as genre_names on genre_names.genre_id = shares.genre_id
inner join {{ ref('dim_tag') }} as tag_names on tag_names.tag_id = shares.tag_id
