with raw_stores as (

    {{ raw_table(source('raw', 'stores'), {
        'id': 'bigint',
        'name': 'varchar',
        'slug': 'varchar',
        'games_count': 'bigint',
        'image_background': 'varchar',
        'domain': 'varchar',
        '_dlt_load_id': 'varchar'
    }) }}

)

select
    id as store_id,
    name as store_name,
    slug as store_slug,
    games_count,
    image_background as image_url,
    domain as store_domain,
    _dlt_load_id as load_id
from raw_stores
