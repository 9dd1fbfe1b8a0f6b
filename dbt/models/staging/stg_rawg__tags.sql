with raw_tags as (

    {{ raw_table(source('raw', 'tags'), {
        'id': 'bigint',
        'name': 'varchar',
        'slug': 'varchar',
        'games_count': 'bigint',
        'image_background': 'varchar',
        'language': 'varchar',
        '_dlt_load_id': 'varchar'
    }) }}

)

select
    id as tag_id,
    name as tag_name,
    slug as tag_slug,
    games_count,
    image_background as image_url,
    language,
    _dlt_load_id as load_id,
    coalesce(language = 'eng', false) as is_english
from raw_tags
