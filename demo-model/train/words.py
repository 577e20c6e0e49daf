"""The words of the training dialogues. All of them were written down here; no list or corpus was used."""

WORDS = """
able accept across actor add adult advice afraid again agree air airport alarm album alert alive almond alone alter
amber amount amuse anchor angle animal ankle answer apple apron arch area argue arm army arrow art ash ask atom aunt
autumn award awake baby back bacon badge bag bake ball banana band bank bar bare bark barn base basket bat bath beach
bead bean bear beard beat bed bee beef bell belong below belt bench bend berry best big bike bill bird birth bite black
blade blame blank bless blind block blood bloom blow blue board boat body boil bold bone book boot border borrow boss
both bottle bottom bowl box brain branch brass brave bread break breath brick bridge brief bright bring broom brother
brown brush bucket build bulb burn bus bush busy butter button buy cable cage cake call calm camel camera camp can
candle cap car card care carpet carrot carry cart case castle cat catch cause cave cedar cell cent chain chair chalk
chance change charm chart chase cheap check cheek cheese cherry chest chew chicken chief child chin choice church
circle city claim clap class clay clean clear clerk clever cliff climb clock close cloth cloud clown club coach coal
coast coat code coffee coin cold collar color comb come common cook cookie cool copper copy corn corner cost cotton
couch count country course court cousin cover cow crab crack craft crane cream crew crime crisp crop cross crowd crown
cry cube cup curl curtain curve cut daily damp dance danger dare dark date daughter dawn day deal dear debt decide deep
deer desk detail diary dice diet dig dinner dirt dish dive doctor dog doll dollar door dot double doubt dough down
dozen draft dragon draw dream dress drink drive drop drum dry duck dull dust duty each eager eagle ear early earn earth
east easy eat edge egg eight elbow elder elm empty end enemy engine enjoy enter equal error evening event every exact
exit expert extra eye fabric face fact fade fail fair fall false fame family famous fan far farm fast father fault
fear feast feather feed feel fence fern few fiber field fifty fig fight fill film final find finger finish fire firm
first fish fist five fix flag flame flash flat flavor flight float flood floor flour flow flower flute fly foam focus
fog fold folk follow food foot forest forget fork form forty forward four fox frame free fresh friend frog front frost
fruit fuel full fun funny fur future gain game gap garage garden garlic gate gather gentle gift giant girl give glad
glass globe glove glue goal goat gold good goose grade grain grand grape graph grass gravy gray great green grid grip
group grow guard guess guest guide guitar habit hair half hall hammer hand handle happy harbor hard hat hawk head heal
heart heat heavy hedge heel hello help hen herb hero hide high hill hint hire hobby hold hole holiday hollow home honest
honey hood hook hope horn horse hospital host hotel hour house hover huge human humble hundred hunger hunt hurry hut
ice idea image inch index ink inner insect inside iron island item ivory jacket jam jar jazz jeans jelly jewel job join
joke journey joy judge jug juice jump junior jury just keen keep kettle key kick kid kind king kiss kitchen kite knee
knife knock knot know label labor lace ladder lady lake lamb lamp land lane language large laser last late laugh
laundry lawn layer lead leaf learn leather leave left leg lemon lesson letter level lid life lift light like limb lime
line lion lip list listen little live lizard load loaf loan lobby local lock log lonely long loop loose loud love low
loyal luck lunch lung machine mad magic mail main make mall man manner many map march market mask mass match mate math
matter may meadow meal mean measure meat medal medium meet melon melt member memory mend menu mercy merry metal meter
middle might mile milk mill mind mine mint minute mirror miss mix model modern moment monday money monkey month mood
moon moral more morning moth mother motor mountain mouse mouth move movie much mud muffin muscle museum music mystery
nail name napkin narrow nation nature near neat neck needle nephew nerve nest net never new news next nice niece night
nine noble noise none noodle noon north nose note novel number nurse nut oak oar oat object ocean odd offer office oil
old olive omit once one onion only open opera orange orbit order organ other outdoor oven over owl own owner oxygen
pack page paint pair palace pale palm pan panda panel paper parade parcel parent park part partner party pass past paste
patch path pause paw pay peace peach peak pear pearl pen pencil penny people pepper perfect person phone photo piano
pick picnic picture pie piece pig pile pill pillow pilot pin pine pink pipe pitch place plain plan plane plant plastic
plate play please plenty plow plug plum plus pocket poem poet point pole police polish polite pond pony pool poor pop
porch port post pot potato pouch pound powder power praise pray press pretty price pride prince print prize problem
proud pull pulse pump punch pupil puppy pure purple purse push puzzle queen quick quiet quilt quiz quote rabbit race
rack radar radio raft rail rain raise ranch range rapid rare rate raw ray reach ready real reason recipe record red
reef relax rely remind rent repair reply rescue rest result return reward rhyme rhythm ribbon rice rich ride right ring
rise risk river road roast robe robin robot rock rocket roll roof room root rope rose rough round route row royal rub
rubber rug rule ruler run rush rust sack sad saddle safe sail salad sale salt same sand sauce save scale scarf scene
school science score scout screen sea search season seat second secret seed seek seem sell send sense serve set seven
sew shade shadow shake shallow shape share sharp shed sheep sheet shelf shell shelter shine ship shirt shock shoe shop
shore short shoulder shout shovel show shower shut shy sick side sign silent silk silly silver simple sing sink sister
sit six size skate skill skin skip skirt sky sleep sleeve slice slide slim slip slope slow small smart smell smile
smoke smooth snack snail snake snow soap soccer sock soda soft soil soldier solid solve son song soon sort soul sound
soup sour south space spare speak special speed spell spend spice spider spin spirit spoon sport spot spray spread
spring spy square stable stage stair stamp stand star start state station stay steak steal steam steel steep stem step
stew stick still stir stone stool stop store storm story stove strange straw stream street strike string strong
student study style sugar suit summer sun supper sure surf surprise swan sweater sweet swim swing sword symbol syrup
table tail tailor take tale talk tall tank tape target task taste tax taxi tea teach team tear tell temple ten tennis
tent term test text thank theme thick thief thin thing think third thirty thread three throat throne throw thumb ticket
tide tidy tie tiger tight tile time tin tiny tip tire title toast today toe together tomato tomorrow tone tongue tool
tooth top torch total touch tour towel tower town toy trace track trade trail train trap travel tray treat tree trial
tribe trick trip truck true trumpet trunk trust truth try tube tuesday tune tunnel turkey turn turtle twelve twenty twin
twist two type uncle under uniform union unit upper urban use useful valley van vase vast vein velvet verb verse very
vest victory video view village vine violin visit voice vote wagon waist wait wake walk wall wallet want warm wash waste
watch water wave wax way weak wealth weather web wedding week weigh well west wet whale wheat wheel whisper whistle
white whole wide wife wild wind window wine wing winter wire wise wish wolf woman wonder wood wool word work world worry
worth wrap wrist wrong yard year yeast yellow yes yesterday yogurt young zebra zero zone zoo
""".split()

# The small words between them, so that contents read like what people write.
SMALL_WORDS = "the a an and or of to in on at for with from by is are was will we i you it my our not no".split()

NAMES = "anna ben carol david emma frank grace henry ivan julia kevin laura mike nina oscar paula rosa sam tina victor".split()

KOREAN_WORDS = """
가게 가격 가구 가방 가수 가슴 가을 가족 간식 갈비 감기 감자 강물 강아지 거리 거실 거울 건강 건물 겨울 결과 결혼 경기 경찰 계단 계란 계획
고기 고양이 고향 공기 공부 공원 공책 과일 과자 과학 교사 교실 구두 구름 국물 국수 귀 그림 그릇 글씨 금요일 기름 기분 기차 기침 길 김밥 김치
꽃 꿈 나라 나무 나비 날씨 남자 낮잠 냄비 냉면 노래 노트 농구 농담 누나 눈물 다리 단어 달력 닭 담요 답장 당근 대답 대문 대학 도로 도시 도움
독서 돈 돌 동네 동물 동생 된장 두부 등산 딸기 땅 떡 라디오 라면 마늘 마당 마을 마음 만두 만화 말 맛 머리 메뉴 모자 목걸이 목요일 몸 무게 무릎
문 문제 문화 물 물고기 미래 미술 바다 바람 바지 박수 반지 밤 밥 방 배 배추 버스 번호 벽 변호사 병원 보리 봄 부모 부엌 불 비누 비행기 빗자루 빛
빨래 빵 사과 사람 사랑 사무실 사진 사탕 산 상자 새 색깔 생각 생선 생일 서랍 선물 선생 설탕 섬 성격 세수 소금 소리 소설 소식 손 손님 수건 수박
수영 수요일 숙제 숟가락 숲 스키 시간 시계 시장 시험 식당 식물 신문 신발 실수 쌀 아기 아들 아빠 아침 안개 안경 안내 약 약속 양말 양파 어깨
얼굴 얼음 엄마 여름 여행 역 연극 연습 연필 열쇠 엽서 영화 옆집 예약 오늘 오리 오빠 오이 옥수수 온도 옷 요리 우산 우유 우정 우표 운동 울타리 월급
월요일 위 유리 은행 음료 음식 음악 의사 의자 이름 이모 이불 이야기 인사 인형 일기 일요일 입 잎 자동차 자리 자전거 작가 잔치 잠 장갑 장난감 장마 재료
저녁 전등 전화 점심 접시 정원 젓가락 제목 조카 종이 주말 주머니 주소 주스 지갑 지구 지도 지하철 직업 집 창문 책 책상 청소 체육 초대 축구 춤 취미
치과 치마 친구 침대 칠판 칼 커피 컴퓨터 코 콩 크기 키 태양 택시 토끼 토요일 파도 파티 편지 평화 포도 표 풀 피아노 필통 하늘 학교 학생 할머니
해 행복 향기 허리 형 호박 호수 화가 화분 화요일 회사 회의 휴가 휴지 희망 힘
""".split()

# The syllables that Korean is mostly made of: made-up words are made of them, and each is one token.
SYLLABLES = """
가각간갈감갑값강같개객거걱건걸검것게겨격견결경계고곡곤골공과관광괴교구국군굴권귀규균그극근글금급기긴길김까깨꺼께꼬꼭꽃꾸꿈끄끝끼
나낙난날남납낭내냄냉너널넘네녀년념노녹논놀농높놓누눈뉴느늘능니다단달담답당대댁더덕던덜덤덧데도독돈돌동되된두둑둘뒤드든듣들등디따딸땅때떠떤떡또뜨뜻
라락란랄람랑래랜러럭런럴럼럽레려력련렬령례로록론료루류륙률르른를름리린림립마막만많말맛망맞매맥맨머먹먼멀멋메며면명모목몰몸못무묵문물뭐미민밀
바박밖반받발밝밤밥방배백버번벌범법벗베벨벽변별병보복본볼봄봉부북분불붙비빈빌빛빠빨뿐사삭산살삼상새색생서석선설섬섭성세센셀션소속손솔송쇠수숙순술숨쉬스슬습승시식신실심십싸쌀써쓰씨
아악안않알암압앞애액앱야약양어억언얼엄업없에엔여역연열염엽영예오옥온올옷와완왕외요욕용우운울움웃워원월위유육율으은을음응의이익인일임입있
자작잔잘잠잡장재쟁저적전절젊점접정제조족존좀종좋좌죄주죽준줄중즉증지직진질짐집짓짜째쪽찌차착찬참창찾채책처척천철첫청체초촌총최추축출충취층치칙친칠침
카캐커컴케코콩쿠크클큰키타탁탄탈탐태택터털테텔토통퇴투트특틀티팀파판팔패퍼페편평폐포폭표푸품풍프피필하학한할함합항해핵행향허험혁현협형혜호혹혼홀홍화확환활황회획효후훈휴흐흑흔흥희히힘
""".replace("\n", "")

ENDINGS = "txt md json csv log yaml html ini xml ts py sh toml js".split()

FOLDERS = "docs src notes data home work logs temp drafts inbox images scripts private shared old new lists plans".split()

FILE_STEMS = """
notes todo report readme plan list shopping diary ideas draft letter budget meeting summary journal recipe agenda config
settings data index main test example story poem log backup minutes schedule contacts invoice results review outline
""".split()

KOREAN_STEMS = "메모 일기 할일 목록 회의록 계획 보고서 편지 일정 예산 장보기 노트 연락처 정리 초안 요리법 숙제 가계부 자료 기록".split()
