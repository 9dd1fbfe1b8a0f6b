with raw_game_details as (

    {{ raw_table(source('raw', 'game_details'), {
        'id': 'bigint',
        'slug': 'varchar',
        'name': 'varchar',
        'name_original': 'varchar',
        'description_raw': 'varchar',
        'website': 'varchar',
        'metacritic_url': 'varchar',
        'screenshots_count': 'bigint',
        'movies_count': 'bigint',
        'creators_count': 'bigint',
        'achievements_count': 'bigint',
        'additions_count': 'bigint',
        'game_series_count': 'bigint',
        'parents_count': 'bigint',
        'updated': 'timestamp',
        '_dlt_load_id': 'varchar'
    }) }}

)

select
    id as game_id,
    slug as game_slug,
    name as game_name,
    name_original as original_name,
    description_raw as description,
    website as website_url,
    metacritic_url,
    screenshots_count,
    movies_count,
    creators_count,
    achievements_count,
    additions_count,
    game_series_count,
    parents_count as parent_games_count,
    updated as updated_at,
    _dlt_load_id as load_id
from raw_game_details
