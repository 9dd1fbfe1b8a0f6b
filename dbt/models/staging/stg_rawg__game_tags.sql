with raw_games__tags as (

    {{ raw_table(source('raw', 'games__tags'), {
        'game_id': 'bigint',
        'id': 'bigint',
        '_dlt_load_id': 'varchar'
    }) }}

)

select
    game_id,
    id as tag_id,
    _dlt_load_id as load_id
from raw_games__tags
