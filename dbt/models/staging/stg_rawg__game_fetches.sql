with raw_game_fetches as (

    {{ raw_table(source('raw', 'game_fetches'), {
        'resource': 'varchar',
        'game_id': 'bigint',
        'game_updated': 'timestamp',
        '_dlt_load_id': 'varchar'
    }) }}

)

select
    resource,
    game_id,
    game_updated as game_updated_at,
    _dlt_load_id as load_id
from raw_game_fetches
