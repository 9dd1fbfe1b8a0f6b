with raw_game_movies as (

    {{ raw_table(source('raw', 'game_movies'), {
        'game_id': 'bigint',
        'id': 'bigint',
        'name': 'varchar',
        'preview': 'varchar',
        '_dlt_load_id': 'varchar'
    }) }}

)

select
    game_id,
    id as movie_id,
    name as movie_name,
    preview as preview_url,
    _dlt_load_id as load_id
from raw_game_movies
