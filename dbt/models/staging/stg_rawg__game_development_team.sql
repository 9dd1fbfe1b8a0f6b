with raw_game_development_team as (

    {{ raw_table(source('raw', 'game_development_team'), {
        'game_id': 'bigint',
        'id': 'bigint',
        'name': 'varchar',
        'slug': 'varchar',
        'games_count': 'bigint',
        '_dlt_load_id': 'varchar'
    }) }}

)

select
    game_id,
    id as creator_id,
    name as creator_name,
    slug as creator_slug,
    games_count,
    _dlt_load_id as load_id
from raw_game_development_team
