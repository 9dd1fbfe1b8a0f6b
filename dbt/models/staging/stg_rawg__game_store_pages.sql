with raw_game_stores as (

    {{ raw_table(source('raw', 'game_stores'), {
        'game_id': 'bigint',
        'id': 'bigint',
        'store_id': 'bigint',
        'url': 'varchar',
        '_dlt_load_id': 'varchar'
    }) }}

)

select
    game_id,
    id as store_page_id,
    store_id,
    url as store_page_url,
    _dlt_load_id as load_id
from raw_game_stores
