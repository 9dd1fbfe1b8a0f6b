with raw_games__stores as (

    {{ raw_table(source('raw', 'games__stores'), {
        'game_id': 'bigint',
        'store__id': 'bigint',
        '_dlt_load_id': 'varchar'
    }) }}

)

select
    game_id,
    store__id as store_id,
    _dlt_load_id as load_id
from raw_games__stores
