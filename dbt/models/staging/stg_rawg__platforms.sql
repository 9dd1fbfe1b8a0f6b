with raw_platforms as (

    {{ raw_table(source('raw', 'platforms'), {
        'id': 'bigint',
        'name': 'varchar',
        'slug': 'varchar',
        'games_count': 'bigint',
        'image_background': 'varchar',
        'year_start': 'bigint',
        'year_end': 'bigint',
        '_dlt_load_id': 'varchar'
    }) }}

)

select
    id as platform_id,
    name as platform_name,
    slug as platform_slug,
    games_count,
    image_background as image_url,
    year_start as first_year,
    year_end as last_year,
    _dlt_load_id as load_id
from raw_platforms
