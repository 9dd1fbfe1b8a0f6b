with raw_games__ratings as (

    {{ raw_table(source('raw', 'games__ratings'), {
        'game_id': 'bigint',
        'id': 'bigint',
        'title': 'varchar',
        'count': 'bigint',
        'percent': 'double',
        '_dlt_load_id': 'varchar'
    }) }}

)

select
    game_id,
    id as rating_level,
    title as rating_title,
    count as ratings_count,
    percent as ratings_percent,
    _dlt_load_id as load_id
from raw_games__ratings
