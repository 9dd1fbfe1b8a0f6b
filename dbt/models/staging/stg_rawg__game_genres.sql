with raw_games__genres as (

    {{ raw_table(source('raw', 'games__genres'), {
        'game_id': 'bigint',
        'id': 'bigint',
        '_dlt_load_id': 'varchar'
    }) }}

)

select
    game_id,
    id as genre_id,
    _dlt_load_id as load_id
from raw_games__genres
