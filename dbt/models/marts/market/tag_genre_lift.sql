with genre_links as (

    select links.game_id, genres.genre_name
    from {{ ref('bridge_game_genre') }} as links
    inner join {{ ref('dim_genre') }} as genres on genres.genre_id = links.genre_id

),

tag_links as (

    -- two tags can have the same name
    select distinct links.game_id, tags.tag_name
    from {{ ref('bridge_game_tag') }} as links
    inner join {{ ref('dim_tag') }} as tags on tags.tag_id = links.tag_id
    where tags.is_english

),

described_games as (

    select distinct genre_links.game_id
    from genre_links
    inner join tag_links on tag_links.game_id = genre_links.game_id

),

genres as (

    select genre_links.genre_name, count(*) as games_count
    from genre_links
    inner join described_games on described_games.game_id = genre_links.game_id
    group by genre_links.genre_name

),

tags as (

    select tag_links.tag_name, count(*) as games_count
    from tag_links
    inner join described_games on described_games.game_id = tag_links.game_id
    group by tag_links.tag_name

),

pairs as (

    select genre_links.genre_name, tag_links.tag_name, count(*) as games_count
    from genre_links
    inner join tag_links on tag_links.game_id = genre_links.game_id
    group by genre_links.genre_name, tag_links.tag_name

),

catalogue as (

    select count(*) as games_count from described_games

),

shares as (

    select
        pairs.genre_name,
        pairs.tag_name,
        pairs.games_count,
        genres.games_count as genre_games_count,
        tags.games_count as tag_games_count,
        {{ ratio('pairs.games_count', 'genres.games_count') }} as tag_share_in_genre,
        {{ ratio('tags.games_count', 'catalogue.games_count') }} as tag_share
    from pairs
    inner join genres on genres.genre_name = pairs.genre_name
    inner join tags on tags.tag_name = pairs.tag_name
    cross join catalogue

)

select
    shares.*,
    {{ ratio('tag_share_in_genre', 'tag_share') }} as lift,
    games_count < {{ var('minimum_group') }} as is_small_sample
from shares
