with raw_genres as (

    {{ raw_table(source('raw', 'genres'), {
        'id': 'bigint',
        'name': 'varchar',
        'slug': 'varchar',
        'games_count': 'bigint',
        'image_background': 'varchar',
        '_dlt_load_id': 'varchar'
    }) }}

)

select
    id as genre_id,
    name as genre_name,
    slug as genre_slug,
    games_count,
    image_background as image_url,
    _dlt_load_id as load_id
from raw_genres
