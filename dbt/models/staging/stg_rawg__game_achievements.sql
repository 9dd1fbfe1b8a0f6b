with raw_game_achievements as (

    {{ raw_table(source('raw', 'game_achievements'), {
        'game_id': 'bigint',
        'id': 'bigint',
        'name': 'varchar',
        'description': 'varchar',
        'percent': 'double',
        '_dlt_load_id': 'varchar'
    }) }}

)

select
    game_id,
    id as achievement_id,
    name as achievement_name,
    description,
    percent as players_percent,
    _dlt_load_id as load_id
from raw_game_achievements
