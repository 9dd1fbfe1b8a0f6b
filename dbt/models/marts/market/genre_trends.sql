with genre_links as (

    select links.game_id, genres.genre_name
    from {{ ref('bridge_game_genre') }} as links
    inner join {{ ref('dim_genre') }} as genres on genres.genre_id = links.genre_id

),

{{ yearly_trend('genre_links', 'genre_name') }}
