with raw_game_parent_games as (

    {{ raw_table(source('raw', 'game_parent_games'), {
        'game_id': 'bigint',
        'id': 'bigint',
        'slug': 'varchar',
        'name': 'varchar',
        '_dlt_load_id': 'varchar'
    }) }}

)

select
    game_id,
    id as related_game_id,
    slug as related_game_slug,
    name as related_game_name,
    _dlt_load_id as load_id
from raw_game_parent_games
