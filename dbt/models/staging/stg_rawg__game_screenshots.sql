with raw_game_screenshots as (

    {{ raw_table(source('raw', 'game_screenshots'), {
        'game_id': 'bigint',
        'id': 'bigint',
        'image': 'varchar',
        'width': 'bigint',
        'height': 'bigint',
        'is_deleted': 'boolean',
        '_dlt_load_id': 'varchar'
    }) }}

)

select
    game_id,
    id as screenshot_id,
    image as image_url,
    width as width_pixels,
    height as height_pixels,
    is_deleted,
    _dlt_load_id as load_id
from raw_game_screenshots
